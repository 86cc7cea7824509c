"""What is looked at at night: one small check a matter, each giving proofs. Made of callables, joined by the lead."""
