"""Messages in a byte stream: the framings that tell where one ends, pure, and the actors that speak them."""
