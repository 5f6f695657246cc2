"""What each loop keeps in a stream's rows: names of the places and widths, known without a compiler."""
