import conformance

suite = conformance.suite("rfc5321/4.1.1.5", "rfc5321/4.1.1.9")
