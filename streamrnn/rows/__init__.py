"""What each loop keeps in a stream's rows: names of the places and widths, known without a compiler."""

ABSENT = 1e150  # stands for "nothing here" where NaN would not be a finite state; beyond what any value can be
