"""Plain Python programs that do what the actors do: text with blanks, filled in by `engine.lab.as_python`.

A blank is `$NAME`. A line `# options: NAME` stands for the socket options that the knobs ask for, set on that variable.
"""
