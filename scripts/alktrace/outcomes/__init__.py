"""What came next: endpoints, and what mechanisms have to do with them."""
