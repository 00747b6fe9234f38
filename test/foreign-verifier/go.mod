module lelu.dev/foreign-verifier

go 1.26.8
