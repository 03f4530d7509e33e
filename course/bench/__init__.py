"""How fast the layers are: a grid of shapes, the contenders, and their figures."""
