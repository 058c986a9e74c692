package natsbus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
)

// advice says what to do about a certificate that one of the two sides does not take; it is empty for other errors.
func advice(err error) string {
	if said, ok := errors.AsType[*net.OpError](err); ok && said.Op == "remote error" {
		return ": it does not take our certificate, which was revoked, is over, or is of another authority; " +
			"`onbu keys list` says which count, `onbu join` and `onbu keys daemon` make one"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return ": give --bus a name that it has, or make it one with this name: `onbu keys server NAME --addr …`"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return ": it wants --keys with the folder that `onbu keys` or `onbu join` made for this machine, or --tls-ca with its authority"
	}
	return ""
}

// away says why there is no connection at present; it is nil while there is one.
func (c *Conn) away() error {
	if c.nc.IsConnected() {
		return nil
	}
	err := c.nc.LastError()
	if err == nil {
		return errors.New("the bus is not reached")
	}
	return fmt.Errorf("the bus is not reached: %w%s", err, advice(err))
}
