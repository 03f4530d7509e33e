"""Recurrent networks in NumPy, as the lessons derive them."""
