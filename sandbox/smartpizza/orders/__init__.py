"""Generated orders: ids, schedule (what happens when), content (what is bought), rendering and listings."""
