package probe

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// Days are the thresholds of a certificate's remaining life.
type Days struct{ Warn, Crit int }

// ParseDays reads "30" or "30,14".
func ParseDays(value string) (Days, error) {
	var d Days
	var err error
	warn, crit, both := strings.Cut(value, ",")
	if d.Warn, err = Int(warn, 0, 1<<30); err != nil {
		return d, err
	}
	if both {
		d.Crit, err = Int(crit, 0, 1<<30)
	}
	return d, err
}

// Judge says how a certificate stands at a moment, in the words of np_net_ssl_check_certificate (sslutils.c of the
// Monitoring Plugins).
func (d Days) Judge(cert *x509.Certificate, now time.Time) (monitor.State, string) {
	left := cert.NotAfter.Unix() - now.Unix()
	days := int(left / 86400)
	state := monitor.Critical
	if days > d.Crit {
		state = monitor.Warning
	}
	name, end := commonName(cert), cert.NotAfter.UTC().Format("Mon Jan _2 15:04:05 2006 -0700")
	switch {
	case left < 0:
		return monitor.Critical, fmt.Sprintf("CRITICAL - Certificate '%s' expired on %s.", name, end)
	case left == 0:
		return state, fmt.Sprintf("%s - Certificate '%s' just expired (%s).", state.ServiceName(), name, end)
	case days == 0 && left >= 3600:
		return state, fmt.Sprintf("%s - Certificate '%s' expires in %d hours (%s)", state.ServiceName(), name, left/3600, end)
	case days == 0:
		return state, fmt.Sprintf("%s - Certificate '%s' expires in %d minutes (%s)", state.ServiceName(), name, left/60, end)
	case days <= d.Warn:
		return state, fmt.Sprintf("%s - Certificate '%s' expires in %d day(s) (%s).", state.ServiceName(), name, days, end)
	}
	return monitor.OK, fmt.Sprintf("OK - Certificate '%s' will expire on %s.", name, end)
}

// commonName gives the first common name of the subject, cut to 255 bytes.
func commonName(cert *x509.Certificate) string {
	for _, a := range cert.Subject.Names {
		if cn, ok := a.Value.(string); ok && a.Type.Equal([]int{2, 5, 4, 3}) {
			return cn[:min(len(cn), 255)]
		}
	}
	return "Unknown CN"
}

// Curves are the key exchanges that a check offers. ML-KEM is left out: it makes a handshake a fifth dearer for both sides,
// the plugins' OpenSSL does not offer it, and old servers choke on the size of its hello.
func Curves() []tls.CurveID {
	return []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}
}

// TLSConfig is a client's configuration that looks at any server, trusted or not, as the plugins do. name is sent as
// server name indication unless it is empty.
//
// It offers the static RSA key exchanges that Go leaves out by default, because OpenSSL still offers them and old
// appliances know nothing else; finite-field DHE is the one family that OpenSSL has and Go has not.
func TLSConfig(name string) *tls.Config {
	config := &tls.Config{ServerName: name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, CurvePreferences: Curves()}
	for _, suite := range tls.CipherSuites() {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	config.CipherSuites = append(config.CipherSuites,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA)
	return config
}
