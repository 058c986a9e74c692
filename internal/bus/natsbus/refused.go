package natsbus

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/keys"
)

// refusals are what the bus did not let us do. Whoever did it waits for an answer that never comes, so somebody must be told.
type refusals struct {
	mu   sync.Mutex
	n    uint64
	last error
	at   time.Time
	told map[string]time.Time // by what was refused
}

// unwell is how long a daemon is unwell after it was refused something.
const unwell = 5 * time.Minute

// mostTold bounds what is remembered to keep the log short.
const mostTold = 256

// add counts a refusal, and says whether it is worth a line of the log: each is, once in a while.
func (r *refusals) add(err error, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n, r.last, r.at = r.n+1, err, now
	what := consumer.ReplaceAllString(err.Error(), "$1.*")
	if now.Sub(r.told[what]) < unwell {
		return false
	}
	if r.told == nil || len(r.told) >= mostTold {
		r.told = map[string]time.Time{}
	}
	r.told[what] = now
	return true
}

// consumer is the subject that makes a consumer, which has another name at each try.
var consumer = regexp.MustCompile(`(CONSUMER\.CREATE\.[^.]+)\.[^.]+`)

// lately gives the last refusal if it was a short while ago.
func (r *refusals) lately(now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil || now.Sub(r.at) > unwell {
		return nil
	}
	return fmt.Errorf("the bus refuses this daemon a right (%d times): %w", r.n, r.last)
}

// Refused says how often the bus refused us something.
func (c *Conn) Refused() uint64 {
	c.refused.mu.Lock()
	defer c.refused.mu.Unlock()
	return c.refused.n
}

// quoted is what the server names in a refusal.
var quoted = regexp.MustCompile(`"([^"]*)"`)

// tooOld says that a refusal is that of a bus of the release before, which knows nothing of what a daemon with these roles asks it for.
func tooOld(err error, id keys.Identity) bool {
	what := quoted.FindStringSubmatch(err.Error())
	if what == nil {
		return false
	}
	among := func(r bus.Rights) bool {
		p := Permit(id.Name, r)
		return slices.ContainsFunc(slices.Concat(p.Publish, p.Subscribe), func(may string) bool { return server.SubjectsCollide(may, what[1]) })
	}
	return among(bus.Allowed(id.Name, id.Roles...)) && !among(bus.AllowedBefore(id.Name, id.Roles...))
}

// answerable says whether a message may be answered: only where somebody waits for answers. Else whoever asks could have us
// write, with our rights, wherever it likes.
func answerable(reply string) bool { return strings.HasPrefix(reply, inboxes) }

// keyed are the options of a connection that shows a certificate. A place for answers of its own keeps others from reading
// them; and it goes on trying when it is refused, since its certificate may have been renewed.
func (o *Options) keyed() []nats.Option {
	if o.Keys == nil {
		return nil
	}
	return []nats.Option{
		nats.Secure(o.Keys.Client()), nats.CustomInboxPrefix(InboxOf(o.Keys.Identity().Name)), nats.IgnoreAuthErrorAbort(),
	}
}
