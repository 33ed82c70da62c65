"""What is trained: embedding, species and side nets, their heads and initial weights."""
