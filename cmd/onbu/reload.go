package main

import (
	"context"
	"encoding/json"

	"github.com/onbu/onbu/internal/console"
)

const reloadExamples = `
The arbiter that leads reads its files, wherever it is asked. The exit status is 1 when they are broken, and nothing is changed then;
3 when they are in force and some daemon does not work with them yet.

examples:
  onbu reload --check                           say what is wrong, or what would change
  onbu reload
  onbu reload --bus tls://alpha:4222 --keys DIR when no broker or receiver answers
`

// exitLate is the exit status when a configuration is in force and somebody does not work with it.
const exitLate = exitStatus(3)

// reload is onbu reload.
func reload(ctx context.Context, e *env) error {
	e.examples = reloadExamples
	var at door
	at.register(e)
	check := e.flags.Bool("check", false, "only say what is wrong with the files, or what would change")
	asJSON := e.flags.Bool("json", false, "print JSON")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	return at.open(ctx, e, func(c cluster) error {
		r, err := c.Reload(ctx, *check)
		switch {
		case err != nil:
			return err
		case *asJSON:
			enc := json.NewEncoder(e.stdout)
			enc.SetIndent("", "  ")
			err = enc.Encode(r)
		default:
			console.ReloadReport(e.stdout, r, *check)
		}
		if err == nil && !*check && len(r.Late()) > 0 {
			err = exitLate
		}
		return err
	})
}
