package scheduler

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/monitor"
)

func TestALoopThatHangsIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sh := &shard{id: 3}
		s := &Scheduler{keeper: &keeper{}, shards: map[monitor.Shard]*shard{3: sh}}
		if err := s.Stuck(time.Second); err != nil {
			t.Errorf("before anything runs: %v", err)
		}
		s.keeper.pulse.Beat()
		sh.pulse.Beat()
		time.Sleep(20 * time.Second)
		if err := s.Stuck(20 * time.Second); err != nil {
			t.Errorf("at the limit: %v", err)
		}
		s.keeper.pulse.Beat()
		time.Sleep(time.Second)
		if err := s.Stuck(20 * time.Second); err == nil || !strings.Contains(err.Error(), "shard 3 has not turned for 21s") {
			t.Errorf("a shard hangs: got %v", err)
		}
		sh.pulse.End()
		time.Sleep(time.Minute)
		if err := s.Stuck(20 * time.Second); err == nil || !strings.Contains(err.Error(), "takes and gives") {
			t.Errorf("the keeper hangs: got %v", err)
		}
	})
}
