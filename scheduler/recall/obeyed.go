package recall

import (
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// How long commands are remembered that a shard carried out, and how many at most.
const (
	obeyedFor  = 90 * time.Second
	mostObeyed = 10_000
)

// Obeyed are the commands for single hosts and services that a shard carried out lately, oldest first: a host may leave it with a reload
// before anybody else knows of them. They are read from the journal, so that whoever owns the shard next has them too. The zero Obeyed
// has none. One goroutine may use it.
type Obeyed struct{ all []command.Request }

// Learn takes what All gave.
func (o *Obeyed) Learn(all []command.Request) { o.all = append(o.all, all...) }

// All gives them, for Learn; Time and Obeyed of each are set. The slice is the Obeyed's own until the next call.
func (o *Obeyed) All() []command.Request { return o.all }

// Note remembers a command that a brok tells of, if it was carried out.
func (o *Obeyed) Note(b *monitor.Brok) {
	if b.Kind != monitor.BrokCommand || b.Answer != monitor.AnswerDone {
		return
	}
	req, err := command.Parse(strings.TrimPrefix(b.Text, "EXTERNAL COMMAND: "), b.Time)
	if err != nil || req.Ref.Host == "" || req.Scope() == command.ScopeResult {
		return
	}
	req.Source, req.Obeyed = b.By, b.Time
	old := 0
	for old < len(o.all) && (o.all[old].Obeyed.Add(obeyedFor) < b.Time || len(o.all)-old >= mostObeyed) {
		old++
	}
	clear(o.all[:old])
	o.all = append(o.all[old:], req) // moves the others only when it grows: a storm of commands costs each the same
}

// Overrules says whether something that was carried out here after a command makes it void: a switch that was turned again, an
// acknowledgement that was taken back.
func (o *Obeyed) Overrules(req *command.Request) bool {
	for i := range o.all {
		if later := &o.all[i]; later.Obeyed > req.Obeyed && later.Overrules(req) {
			return true
		}
	}
	return false
}
