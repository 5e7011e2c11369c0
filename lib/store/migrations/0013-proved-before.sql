-- What a subscriber proved for one application is looked for when another asks for the same name.

CREATE INDEX challenge_by_subscriber ON challenge (srn, name) WHERE srn <> '';
