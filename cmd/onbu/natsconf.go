package main

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/keys"
)

// writeConf writes what a nats-server of one's own needs to know of the daemons: who they are, by what their certificates
// say, and what each may do.
func writeConf(w io.Writer, all []keys.Issued, now time.Time) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, `# made by onbu keys nats-conf: include it in nats.conf, and make it again when a daemon joins or is revoked
tls {
  cert_file: "cert.pem", key_file: "key.pem", ca_file: "ca.pem"
  verify_and_map: true
  min_version: "1.3"
}
authorization {
  users: [
`)
	for _, who := range daemons(all, now) {
		writeUser(b, who)
	}
	fmt.Fprint(b, "  ]\n}\n")
	return b.Flush()
}

// daemons gives each daemon with a certificate that counts, once. A server maps by what the certificate says and cannot look at
// the list of those revoked; so a name goes once one of its certificates was revoked, unless a later one was made.
func daemons(all []keys.Issued, now time.Time) (out []keys.Identity) {
	newest := map[string]keys.Issued{}
	var order []string
	for _, one := range all {
		uri := one.Identity.URI().String()
		if _, known := newest[uri]; !known {
			order = append(order, uri)
		}
		newest[uri] = one
	}
	for _, uri := range order {
		if one := newest[uri]; !one.Revoked && one.Until.After(now) && len(one.Identity.Daemon()) > 0 {
			out = append(out, one.Identity)
		}
	}
	return out
}

func writeUser(w io.Writer, who keys.Identity) {
	p := natsbus.Permit(who.Name, bus.Allowed(who.Name, who.Daemon()...))
	fmt.Fprintf(w, "    { user: %q, permissions: {\n", who.URI())
	fmt.Fprintf(w, "      publish: { allow: [\n")
	writeSubjects(w, p.Publish)
	fmt.Fprint(w, "      ] }\n      subscribe: { allow: [\n")
	writeSubjects(w, p.Subscribe)
	fmt.Fprint(w, "      ] }\n")
	if p.Answer {
		fmt.Fprintf(w, "      allow_responses: { max: 1, expires: %q }\n", natsbus.AnswerWithin)
	}
	fmt.Fprint(w, "    } }\n")
}

func writeSubjects(w io.Writer, all []string) {
	for _, s := range all {
		fmt.Fprintf(w, "        %q\n", s)
	}
}
