// Required before a server of node: its names are looked up in our own name server alone, at the port of 127.0.0.1
// that SMTP_CONFORMANCE_NAMES says.
"use strict";
const dns = require("node:dns");
const ours = [`127.0.0.1:${process.env.SMTP_CONFORMANCE_NAMES}`];
dns.setServers(ours);
dns.promises.setServers(ours);
for (const about of [dns, dns.promises]) {
  const Before = about.Resolver;
  about.Resolver = class extends Before {
    constructor(options) {
      super(options);
      this.setServers(ours);
    }
  };
}
