package natsbus

import (
	"errors"
	"slices"

	"github.com/nats-io/nats.go"
)

// Passing says of an error whether trying again may help: the bus elects a leader, or lacks servers. Who watches a bucket is told so with an
// error of the library's older half.
func (c *Conn) Passing(err error) bool {
	refused, ok := errors.AsType[*nats.APIError](err)
	return unready(err) || ok && slices.Contains(notNow, refused.Code)
}
