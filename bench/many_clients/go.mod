module devapp-authz.example/bench/many-clients

go 1.26.0
