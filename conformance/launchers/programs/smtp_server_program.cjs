// nodemailer's smtp-server, which is a library, at a port of 127.0.0.1: run with a file of JSON that says what for.
// All is its default but STARTTLS's certificate, the name, who may log in, in clear too, and handlers for the rest:
// mail for the users is laid into their Maildirs, mail for the relay domain is given to the next hop, other recipients
// are refused.
"use strict";
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const url = require("node:url");
const { SMTPServer } = require("smtp-server");

const said = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
let number = 0;

function refusal(code, text) {
  return Object.assign(new Error(text), { responseCode: code });
}

function split(address) {
  const at = address.lastIndexOf("@");
  return at < 0 ? [address, said.domain] : [address.slice(0, at), address.slice(at + 1).toLowerCase()];
}

// Whose mailbox the local-part is, if anybody's; quotes make no other mailbox.
function owner(given) {
  const local = given.startsWith('"') ? given.slice(1, -1).replace(/\\(.)/g, "$1") : given;
  if (local.toLowerCase() === "postmaster") return "postmaster";
  if (local === said.long_local) return "alice";
  return said.users.includes(local) ? local : null;
}

function lay(user, content) {
  const maildir = path.join(said.mail, user, "Maildir");
  for (const part of ["tmp", "new", "cur"]) fs.mkdirSync(path.join(maildir, part), { recursive: true });
  const name = `${Math.floor(Date.now() / 1000)}.P${process.pid}Q${++number}.${said.host}`;
  fs.writeFileSync(path.join(maildir, "tmp", name), content);
  fs.renameSync(path.join(maildir, "tmp", name), path.join(maildir, "new", name));
}

// The message without a field that only final delivery may add.
function withoutReturnPath(content) {
  const text = content.toString("latin1");
  const end = text.indexOf("\r\n\r\n") < 0 ? text.length : text.indexOf("\r\n\r\n") + 2;
  const header = text.slice(0, end).replace(/^return-path:.*\r\n(?:[ \t].*\r\n)*/gim, "");
  return Buffer.from(header + text.slice(end), "latin1");
}

// The Received field of a message, which the library leaves to who delivers it.
function stamp(session) {
  const protocol = session.envelope.smtpUtf8 ? "UTF8SMTP" : session.transmissionType;
  // Under SMTPUTF8 a time stamp has U-labels (RFC 6531 3.7.3).
  const given = session.hostNameAppearsAs;
  const name = (session.envelope.smtpUtf8 && url.domainToUnicode(given)) || given;
  const by = `by ${said.host} with ${protocol} id ${session.id}${++number}`;
  const when = new Date().toUTCString().replace("GMT", "+0000");
  return Buffer.from(`Received: from ${name} ([${session.remoteAddress}])\r\n\t${by}; ${when}\r\n`);
}

// Gives the message to the next hop, one command at a time; there is no queue, so what it refuses is lost.
function relay(sender, recipients, content) {
  const stuffed = content.toString("latin1").replace(/(^|\r\n)\./g, "$1..");
  const ended = stuffed.endsWith("\r\n") ? stuffed : `${stuffed}\r\n`;
  const lines = [
    `EHLO ${said.host}`,
    `MAIL FROM:<${sender}>`,
    ...recipients.map((address) => `RCPT TO:<${address}>`),
    "DATA",
    `${ended}.`,
    "QUIT",
  ];
  return new Promise((resolve) => {
    let heard = "";
    const hop = net.connect(said.next_hop_port, "127.0.0.1");
    hop.setEncoding("latin1");
    hop.setTimeout(30000, () => hop.destroy());
    hop.on("error", () => resolve());
    hop.on("close", () => resolve());
    hop.on("data", (text) => {
      heard += text;
      const whole = /(^|\n)(\d)\d\d(?: [^\n]*)?\r?\n$/.exec(heard);
      if (!whole) return;
      heard = "";
      if (whole[2] > "3" || !lines.length) hop.end();
      else hop.write(`${lines.shift()}\r\n`, "latin1");
    });
  });
}

const server = new SMTPServer({
  name: said.host,
  key: fs.readFileSync(said.key),
  cert: fs.readFileSync(said.certificate),
  authOptional: true,
  allowInsecureAuth: true,
  onAuth(auth, session, done) {
    const known = auth.username === said.login && auth.password === said.password;
    done(known ? null : refusal(535, "Authentication credentials invalid"), known ? { user: said.login } : undefined);
  },
  onRcptTo(address, session, done) {
    const [local, domain] = split(address.address);
    if (domain === said.relay_domain) return done();
    if (domain !== said.domain && domain !== said.host) return done(refusal(550, "We do not relay"));
    return owner(local) ? done() : done(refusal(550, "No such user here"));
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => {
      const content = Buffer.concat([stamp(session), ...chunks]);
      const sender = session.envelope.mailFrom ? session.envelope.mailFrom.address : "";
      const returned = Buffer.concat([Buffer.from(`Return-Path: <${sender}>\r\n`), withoutReturnPath(content)]);
      const addresses = session.envelope.rcptTo.map((each) => each.address);
      const relayed = addresses.filter((address) => split(address)[1] === said.relay_domain);
      for (const address of addresses) if (!relayed.includes(address)) lay(owner(split(address)[0]), returned);
      (relayed.length ? relay(sender, relayed, content) : Promise.resolve()).then(() => done());
    });
  },
});
server.on("error", () => {}); // of one connection; the others go on
server.listen(said.port, "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
