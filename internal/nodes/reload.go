package nodes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor/api"
)

// reloadWait bounds a reload: a million services are read in seconds, and daemons are waited for.
const reloadWait = 3 * time.Minute

// BrokenError says what is wrong with the files, a mistake a line, and that nothing was changed.
type BrokenError string

// Error implements error.
func (e BrokenError) Error() string { return string(e) }

// AskReload has the leading arbiter read its files again, or with check only say what a reload would do. It returns when all daemons
// work with what is in force, or some are late. A BrokenError says what is wrong with the files.
func AskReload(ctx context.Context, c bus.Messenger, check bool, by string) (*api.Reload, error) {
	ctx, cancel := context.WithTimeout(ctx, reloadWait)
	defer cancel()
	subject := bus.Reload()
	if check {
		subject = bus.CheckFiles()
	}
	data, err := c.Request(ctx, subject, wire.Marshal(wire.ReloadRequest{By: by}))
	switch {
	case errors.Is(err, bus.ErrNoResponders):
		return nil, errors.New("no arbiter leads: start one, and it reads its files; one that was killed is replaced within 3 s where another stands by")
	case err != nil:
		return nil, fmt.Errorf("asking the leading arbiter: %w", bus.Plain(c, err))
	}
	var r wire.Reloaded
	if err := wire.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("answer of the arbiter: %w", err)
	}
	if r.Refused != "" {
		return nil, BrokenError(r.Refused)
	}
	out := &api.Reload{
		Arbiter: r.Arbiter, Main: r.Main, Generation: r.Generation, Changed: r.Changed, Shards: r.Shards,
		Hosts: r.Hosts, Services: r.Services, Warnings: r.Warnings, Seconds: r.Took.Seconds(), Unlike: r.Unlike,
	}
	for _, a := range r.Acks {
		out.Daemons = append(out.Daemons, api.Adopted{Role: a.Role, Node: a.Name, Generation: a.Generation})
	}
	return out, nil
}
