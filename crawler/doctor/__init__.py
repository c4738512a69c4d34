"""Whether this machine, this installation and an archive can do what Bewaar promises, and how to mend what cannot. It
reads only, and goes on where something is damaged."""
