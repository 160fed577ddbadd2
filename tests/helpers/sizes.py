"""Sizes of networks and texts on which gradients are measured."""

SIZES = [  # V, H, T
    (2, 3, 1),
    (2, 3, 5),
    (3, 3, 4),  # H = V, where wrong shapes fit
    (5, 5, 7),
    (2, 1, 6),
    (7, 1, 1),
    (2, 4, 50),
    (6, 2, 3),
]
