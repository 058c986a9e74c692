package link

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats-server/v2/server"
)

// What a tenant may cost, whatever its sites do. There are three subscriptions for each site behind a connection. A message is at
// most the server's own 1 MiB.
const (
	mostNeighbours    = 1000  // connections of an account
	mostSubscriptions = 20000 // of a connection
)

// newAccount gives an account with limits. The server takes those only from text.
func newAccount(tenant string) (*server.Account, error) {
	var o server.Options
	text := fmt.Sprintf("accounts { %q { limits { max_leafnodes: %d, max_subscriptions: %d } } }", accountName(tenant), mostNeighbours, mostSubscriptions)
	if err := o.ProcessConfigString(text); err != nil {
		return nil, fmt.Errorf("tenant %s: %w", tenant, err)
	}
	if len(o.Accounts) != 1 {
		return nil, errors.New("a tenant without an account")
	}
	return o.Accounts[0], nil
}
