package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/onbu/onbu/internal/console"
)

// strangers is onbu unknown.
func strangers(ctx context.Context, e *env) error {
	c := console.Client{}
	e.flags.StringVar(&c.Addr, "http", defaultHTTP, "address of a broker's API")
	asJSON := e.flags.Bool("json", false, "print JSON")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	all, err := c.Unknown(ctx)
	switch {
	case err != nil:
		return err
	case *asJSON:
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(all)
	case len(all) == 0:
		fmt.Fprintln(e.stdout, "no results came for hosts or services that are not configured")
		return nil
	}
	console.UnknownTable(e.stdout, all, style(e.stdout))
	return nil
}
