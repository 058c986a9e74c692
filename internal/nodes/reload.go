package nodes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// reloadWait bounds a reload: a million services are read in seconds, and daemons are waited for.
const reloadWait = 3 * time.Minute

// Reload is what came of a reload, as the API and `onbu reload --json` give it.
type Reload struct {
	// Arbiter is the one that leads, whose files these are; Main is its main file.
	Arbiter    string `json:"arbiter"`
	Main       string `json:"main"`
	Generation uint64 `json:"generation"`
	// Changed is how many of the Shards are other than before.
	Changed  uint16  `json:"shards_changed"`
	Shards   uint16  `json:"shards"`
	Hosts    uint32  `json:"hosts"`
	Services uint32  `json:"services"`
	Warnings uint32  `json:"warnings"`
	Seconds  float64 `json:"seconds"`
	// Daemons are those that read configurations.
	Daemons []Adopted `json:"daemons,omitempty"`
}

// Adopted says which generation a daemon works with; 0 for one that does not say.
type Adopted struct {
	Role       string `json:"role"`
	Node       string `json:"node"`
	Generation uint64 `json:"generation"`
}

// Late gives the daemons that do not work yet with the generation that came into force.
func (r *Reload) Late() (late []Adopted) {
	for _, d := range r.Daemons {
		if d.Generation < r.Generation {
			late = append(late, d)
		}
	}
	return late
}

// BrokenError says what is wrong with the files, a mistake a line, and that nothing was changed.
type BrokenError string

// Error implements error.
func (e BrokenError) Error() string { return string(e) }

// AskReload has the leading arbiter read its files again, or with check only say what a reload would do. It returns when all daemons
// work with what is in force, or some are late. A BrokenError says what is wrong with the files.
func AskReload(ctx context.Context, c bus.Messenger, check bool, by string) (*Reload, error) {
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
		return nil, fmt.Errorf("asking the leading arbiter: %w", err)
	}
	var r wire.Reloaded
	if err := wire.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("answer of the arbiter: %w", err)
	}
	if r.Refused != "" {
		return nil, BrokenError(r.Refused)
	}
	out := &Reload{
		Arbiter: r.Arbiter, Main: r.Main, Generation: r.Generation, Changed: r.Changed, Shards: r.Shards,
		Hosts: r.Hosts, Services: r.Services, Warnings: r.Warnings, Seconds: r.Took.Seconds(),
	}
	for _, a := range r.Acks {
		out.Daemons = append(out.Daemons, Adopted{a.Role, a.Name, a.Generation})
	}
	return out, nil
}
