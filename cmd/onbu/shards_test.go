package main_test

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// Two schedulers share the shards; one is killed, or stopped, and the other has all of them, with what was known.
func TestASchedulerTakesOverFromAnother(t *testing.T) {
	for _, tt := range []struct {
		name   string
		signal syscall.Signal
		within time.Duration
	}{
		{"that was killed", syscall.SIGKILL, 3 * time.Second},
		{"that was stopped", syscall.SIGSTOP, 16 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			takeOver(t, tt.signal, tt.within)
		})
	}
}

func takeOver(t *testing.T, end syscall.Signal, within time.Duration) {
	c, config := newCluster(t), newConfig(t)
	config.Command("burning", config.script("burn", "echo it burns; exit 2"))
	for i := range 40 {
		host := fmt.Sprintf("h%02d", i)
		config.host(host)
		config.service(host, "load", "burning", "check_interval 1", "retry_interval 1")
	}
	c.bus()
	one, two := c.role("scheduler", "--name", "one"), c.role("scheduler", "--name", "two")
	one.listening()
	two.listening()
	c.role("arbiter", config.write())
	c.role("poller")
	b, r := c.role("broker"), c.role("receiver")
	b.listening()
	r.listening()
	one.eventually("the two share the shards, by weight", func() error {
		first, err := one.metric("onbu_scheduler_shards")
		if err != nil {
			return err
		}
		second, err := two.metric("onbu_scheduler_shards")
		if err == nil && (first+second != 16 || first < 6 || second < 6) {
			err = fmt.Errorf("one has %v and two has %v", first, second)
		}
		return err
	})
	for i := range 40 {
		b.seen(fmt.Sprintf("h%02d/load", i), "is CRITICAL", func(one api.Object) bool { return one.State == "CRITICAL" && one.StateType == "HARD" })
	}
	r.obey("ACKNOWLEDGE_SVC_PROBLEM;h07;load;2;0;0;ada;I see")
	b.seen("h07/load", "is acknowledged", func(one api.Object) bool { return one.Acknowledged })

	began := time.Now()
	two.signal(end)
	one.counts("onbu_scheduler_shards", 16)
	took := time.Since(began)
	t.Logf("all shards were taken over in %s; on a machine with nothing else to do it is to be %s", took, within)
	one.eventually("everything is checked again", func() error {
		all, err := b.objects()
		for name, o := range all {
			switch {
			case o.Service == "":
			case o.LastCheck < seconds(began.Add(took)):
				err = errors.Join(err, fmt.Errorf("%s was last checked before the take-over", name))
			case o.State != "CRITICAL" || o.StateType != "HARD" || o.Acknowledged != (o.Host == "h07"):
				t.Fatalf("%s is %+v after the take-over", name, o)
			}
		}
		return err
	})
	if end == syscall.SIGSTOP {
		two.signal(syscall.SIGCONT)
		two.eventually("the one that goes on notices", func() error {
			lost, err := two.metric("onbu_scheduler_shards_lost_total")
			if err == nil && lost == 0 {
				err = errors.New("it has lost no shard")
			}
			return err
		})
		return
	}
	interrupt(one)
}
