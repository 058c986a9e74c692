package receiver

import "time"

// HealthyWithin is Healthy with another limit.
func (r *Receiver) HealthyWithin(limit time.Duration) error { return r.healthy(limit) }
