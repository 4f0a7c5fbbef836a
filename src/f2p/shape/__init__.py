"""What an object's shape is (A.12): one file per shape prior, with everything the stack may ask of it."""
