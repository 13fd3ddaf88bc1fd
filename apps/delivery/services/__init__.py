"""Running mailings, taking and sending their rows, settling what is uncertain, keeping the suppression list."""
