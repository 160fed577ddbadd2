"""What figures are drawn with: a canvas, words, boxes, axes, and a run to draw."""
