"""Pure: what every word that sockmon shows means, in two or three sentences with the place where it is written."""
