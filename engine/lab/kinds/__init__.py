"""The kinds of actors as data: what each is called and reads, and where its class is."""
