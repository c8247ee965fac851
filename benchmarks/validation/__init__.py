"""validation: the same question put to engines that others wrote, and every difference explained."""
