package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/onbu/onbu/internal/console"
)

// links is onbu links.
func links(ctx context.Context, e *env) error {
	c := console.Client{}
	e.flags.StringVar(&c.Addr, "http", defaultHTTP, "address of a broker's API")
	asJSON := e.flags.Bool("json", false, "print JSON")
	e.examples = `
examples:
  onbu links                  the other sites: how they are reached, and what waits for them
  onbu links forget OLDSITE   forget a site that will not come back, its hosts and what waits for it
`
	words, err := e.words()
	switch {
	case err != nil:
		return err
	case len(words) == 2 && words[0] == "forget":
		if err := c.Forget(ctx, words[1]); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s is forgotten; if it is there it makes itself known again\n", console.Shown(words[1]))
		return nil
	case len(words) > 0:
		return usageError("takes nothing, or forget SITE")
	}
	l, err := c.Links(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(l)
	}
	fmt.Fprintf(e.stdout, "this site is %s\n", console.Shown(l.Site))
	if len(l.Links) == 0 {
		fmt.Fprintln(e.stdout, "no other site was ever there; the log says why, and docs/sites.md what to look at")
		return nil
	}
	console.LinkTable(e.stdout, l, style(e.stdout))
	return nil
}
