package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/onbu/onbu/internal/console"
)

// exports is onbu exports.
func exports(ctx context.Context, e *env) error {
	addr := e.flags.String("http", defaultHTTP, "address of a broker's API")
	asJSON := e.flags.Bool("json", false, "print JSON")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	c := console.Client{Addr: *addr}
	all, err := c.Exports(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(all)
	}
	console.ExportTable(e.stdout, all, time.Now(), style(e.stdout))
	return nil
}
