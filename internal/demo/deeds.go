package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// deed is what somebody does at a moment of each round.
type deed struct {
	at    time.Duration
	about string
	// do is tried again until it works, the moment is a minute past, or the demo ends.
	do func(ctx context.Context, d *desk, now time.Time) error
}

// What people write. The second is what somebody wrote who means harm: pages show it as it is, and do nothing of it.
const (
	reason = "disk 7 of shelf 2: a new one is on its way"
	script = `<script>document.title="owned"</script><img src=x onerror="document.title='owned'">`
)

// deeds are the actions of people, in order.
func deeds() []deed {
	return []deed{
		{25 * time.Second, "anna acknowledges the broken disk of " + brokenRAID, func(ctx context.Context, d *desk, now time.Time) error {
			return d.obey(ctx, now, "ACKNOWLEDGE_SVC_PROBLEM", brokenRAID, "RAID", "2", "1", "0", "anna", reason)
		}},
		{30 * time.Second, "ben plans a downtime for " + deadPrinter, func(ctx context.Context, d *desk, now time.Time) error {
			end := now.Add(time.Duration(float64(9*time.Minute) / d.speed))
			return d.obey(ctx, now, "SCHEDULE_HOST_DOWNTIME", deadPrinter, stamp(now), stamp(end), "1", "0", "0", "ben", "the technician is there")
		}},
		{40 * time.Second, "somebody writes a hostile comment on " + hostileHost, func(ctx context.Context, d *desk, now time.Time) error {
			return d.obey(ctx, now, "ADD_SVC_COMMENT", hostileHost, "Visitors", "0", "mallory", script)
		}},
		{70 * time.Second, "node beta goes into maintenance", func(ctx context.Context, d *desk, _ time.Time) error {
			return d.ask.Order(ctx, api.Order{Node: beta, State: "maintenance", Drain: true, Why: "new kernel", By: "ben"})
		}},
		{130 * time.Second, "node beta works again", func(ctx context.Context, d *desk, _ time.Time) error {
			return d.ask.Order(ctx, api.Order{Node: beta, State: "up", By: "ben"})
		}},
		{160 * time.Second, "ben comments on " + fullHost, func(ctx context.Context, d *desk, now time.Time) error {
			return d.obey(ctx, now, "ADD_SVC_COMMENT", fullHost, "Filesystem /srv", "0", "ben", "the nightly export is twice as large since Tuesday")
		}},
		{220 * time.Second, "anna acknowledges " + deadCore, func(ctx context.Context, d *desk, now time.Time) error {
			return d.obey(ctx, now, "ACKNOWLEDGE_HOST_PROBLEM", deadCore, "1", "1", "0", "anna", "the provider is on site, 40 minutes")
		}},
	}
}

// obey gives an external command.
func (d *desk) obey(ctx context.Context, now time.Time, words ...string) error {
	_, err := d.ask.Command(ctx, fmt.Sprintf("[%d] %s", now.Unix(), strings.Join(words, ";")))
	return err
}

func stamp(t time.Time) string { return fmt.Sprint(t.Unix()) }
