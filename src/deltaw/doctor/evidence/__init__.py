"""What is measured: `before` training, and `during` a training that is watched."""
