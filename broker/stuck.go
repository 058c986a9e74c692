package broker

import "time"

// Stuck never says anything: it takes the lock of the view and gives it back, so that whoever holds that for ever holds up the
// watchdog too.
func (b *Broker) Stuck(time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return nil
}
