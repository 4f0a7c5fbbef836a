"""② Scene → latent → relations: skill effect models, their data, training and predictions."""
