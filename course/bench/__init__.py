"""How fast the layers are: the grid of shapes, the contenders, and the figures of their race."""
