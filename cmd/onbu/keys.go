package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/onbu/onbu/internal/keys"
)

// defaultVault is where the authority lies unless --ca says otherwise.
const defaultVault = "/etc/onbu/ca"

// ring opens the folder that --keys names; nil without one.
func (d *daemonFlags) ring(log *slog.Logger) (*keys.Ring, error) {
	if d.keys == "" {
		return nil, nil
	}
	return keys.Open(d.keys, log)
}

// keysPart is a word behind onbu keys.
type keysPart struct {
	name, args string
	run        func(context.Context, *env) error
}

func keysParts() []keysPart {
	return []keysPart{
		{"init", "[DIR]", keysInit},
		{"server", "NAME --addr HOST,IP", keysServer},
		{"daemon", "NAME --role ROLE,ROLE", keysDaemon},
		{"token", "--name NAME --role ROLE [--addr HOST,IP]", keysToken},
		{"serve", "--listen HOST:PORT", keysServe},
		{"renew", "", keysRenew},
		{"list", "", keysList},
		{"revoke", "NAME", keysRevoke},
		{"nats-conf", "", keysConf},
	}
}

const keysExamples = `
examples:
  onbu keys init                                       make an authority, once, on one machine
  onbu keys server bus1 --addr bus1.example.org        a certificate for a server of the bus
  onbu keys daemon p1 --role poller                    one for a daemon
  onbu keys token --name p2 --role poller              a line for onbu join on another machine, which asks
  onbu keys token --name b2 --role bus --addr b2       here for its certificate; of a server of the bus with
  onbu keys serve --listen 0.0.0.0:4223                its names, while this runs
  onbu keys revoke p1                                  let nobody in with it any more
See docs/keys.md.
`

// keysVerb is onbu keys.
func keysVerb(ctx context.Context, e *env) error {
	e.examples = keysExamples
	var all []string
	for _, p := range keysParts() {
		if len(e.args) > 0 && e.args[0] == p.name {
			e.args = e.args[1:]
			return p.run(ctx, e)
		}
		all = append(all, strings.TrimSpace(p.name+" "+p.args))
	}
	if _, err := e.words(); err != nil {
		return err
	}
	return usageError("needs one of: " + strings.Join(all, "; "))
}

func keysInit(_ context.Context, e *env) error {
	words, err := e.words()
	if err != nil {
		return err
	}
	if len(words) > 1 {
		return usageError("init takes one folder")
	}
	dir := cmp.Or(strings.Join(words, ""), defaultVault)
	v, err := keys.Create(dir, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s holds an authority now, which counts until %s.\nIts key is for nobody else: keep a copy in a safe, and let it leave this machine in no other way.\n",
		dir, v.Certificate().NotAfter.Format(time.DateOnly))
	return nil
}

// grantFlags are those that a certificate is made by.
type grantFlags struct {
	ca, out, roles, addresses string
	days                      int
	force                     bool
}

func (g *grantFlags) register(e *env) {
	e.flags.StringVar(&g.ca, "ca", defaultVault, "folder of the authority")
	e.flags.StringVar(&g.out, "out", "", "folder to make for the machine (default: NAME in this one)")
	e.flags.IntVar(&g.days, "days", int(keys.DaemonLife/day), "how long the certificate counts")
	e.flags.BoolVar(&g.force, "force", false, "replace keys that are in the folder already")
}

const day = 24 * time.Hour

// life is how long the certificate is to count. What keys takes for "as usual", 0, is none that somebody writes.
func (g *grantFlags) life() (time.Duration, error) {
	if most := int(keys.MostLife / day); g.days < 1 || g.days > most {
		return 0, usageError(fmt.Sprintf("--days %d: a certificate counts for 1 to %d days", g.days, most))
	}
	return time.Duration(g.days) * day, nil
}

// hand makes the folder for a machine.
func (g *grantFlags) hand(e *env, roles string) error {
	words, err := e.parse(1, "the NAME of the daemon")
	if err != nil {
		return err
	}
	life, err := g.life()
	if err != nil {
		return err
	}
	v, err := keys.OpenVault(g.ca)
	if err != nil {
		return err
	}
	who, err := keys.NewIdentity(words[0], keys.ParseRoles(roles+","+g.roles)...)
	if err != nil {
		return err
	}
	if err := g.reachable(who); err != nil {
		return err
	}
	out := cmp.Or(g.out, who.Name)
	grant := keys.Grant{Identity: who, Addresses: list(g.addresses), Life: life}
	if err := v.Hand(out, grant, g.force, time.Now()); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s is the folder for %s: bring it to its machine, where --keys names it, and remove it here.\n", filepath.Clean(out), who)
	return nil
}

// reachable refuses a server of the bus without addresses, and daemons with some, in the words of the flag.
func (g *grantFlags) reachable(who keys.Identity) error {
	switch server := who.Has(keys.Server); {
	case server && len(list(g.addresses)) == 0:
		return usageError(fmt.Sprintf("%s needs --addr HOST,IP: the names and IP addresses by which daemons and other servers reach it", who))
	case !server && g.addresses != "":
		return usageError(fmt.Sprintf("--addr is for a server of the bus (--role bus): nobody connects to %s", who))
	}
	return nil
}

func keysServer(_ context.Context, e *env) error {
	var g grantFlags
	g.register(e)
	e.flags.StringVar(&g.addresses, "addr", "", "names and IP addresses by which daemons and other servers reach it, separated by commas")
	e.flags.StringVar(&g.roles, "role", "", "roles of daemons that the same machine has beside it, with --bus tls://…, separated by commas")
	return g.hand(e, string(keys.Server))
}

func keysDaemon(_ context.Context, e *env) error {
	var g grantFlags
	g.register(e)
	e.flags.StringVar(&g.roles, "role", "", "what it may be: arbiter, scheduler, poller, reactionner, receiver, broker, separated by commas")
	return g.hand(e, "")
}

func keysList(_ context.Context, e *env) error {
	ca := e.flags.String("ca", defaultVault, "folder of the authority")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	v, err := keys.OpenVault(*ca)
	if err != nil {
		return err
	}
	all, err := v.List()
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tROLES\tUNTIL\tSTATE\tSERIAL\tADDRESSES")
	for _, one := range all {
		roles := strings.TrimSuffix(strings.TrimPrefix(one.Identity.String(), one.Identity.Name+" ("), ")")
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.12s\t%s\n", one.Identity.Name, roles, one.Until.Format(time.DateOnly),
			standing(one, time.Now()), one.Serial.Text(16), strings.Join(one.Addresses, ","))
	}
	return t.Flush()
}

// standing says whether a certificate counts.
func standing(one keys.Issued, now time.Time) string {
	switch left := one.Until.Sub(now); {
	case one.Revoked:
		return "revoked"
	case left <= 0:
		return "ended"
	case left < keys.Soon:
		return "ends soon"
	}
	return "good"
}

func keysRevoke(_ context.Context, e *env) error {
	ca := e.flags.String("ca", defaultVault, "folder of the authority")
	words, err := e.parse(1, "the NAME whose certificates are to count no more")
	if err != nil {
		return err
	}
	v, err := keys.OpenVault(*ca)
	if err != nil {
		return err
	}
	n, err := v.Revoke(words[0], time.Now())
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("no certificate of %q counts: onbu keys list shows which do", words[0])
	}
	path := filepath.Join(*ca, keys.RevokedFile)
	fmt.Fprintf(e.stdout, "Certificates of %s that count no more: %d. Copy %s into the --keys folder of every server of the bus; they see it within seconds.\n", words[0], n, path)
	return nil
}
