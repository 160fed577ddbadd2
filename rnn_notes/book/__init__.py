"""What only the book's pages need: their figures, cells, trainings and times."""
