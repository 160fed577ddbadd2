"""What tests share: copies of the repository, pages as data, faults to plant."""
