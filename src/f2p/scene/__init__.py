"""Points in, scenes and relations out: segmenters, tracking, shape priors, and THE specification of relations."""
