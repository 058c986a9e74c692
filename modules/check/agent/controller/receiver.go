package controller

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Receiver is the service at which agents register, as Checkmk's agent receiver does for pull agents. The agents that are
// registered are on the list of the state folder when the answer is given.
type Receiver struct {
	dir       string
	users     map[string][sha256.Size]byte
	authority *authority
	root      string

	mu sync.Mutex // one registration at a time
}

// NewReceiver makes the service for a state folder. users are who may register agents, and their passwords.
func NewReceiver(dir string, users map[string]string) (*Receiver, error) {
	if len(users) == 0 {
		return nil, errors.New("nobody could register an agent: there are no users")
	}
	a, err := loadAuthority(dir)
	if err != nil {
		return nil, err
	}
	r := &Receiver{dir: dir, authority: a, root: string(encode(a.root.Raw)), users: map[string][sha256.Size]byte{}}
	for name, password := range users {
		r.users[name] = sha256.Sum256([]byte(password))
	}
	return r, nil
}

// TLS gives the certificate that the service shows. Agents that ask for their state show one of their own.
func (r *Receiver) TLS() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(r.dir, certFile), filepath.Join(r.dir, keyFile))
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}, nil
}

// mostBody bounds what an agent sends, in bytes.
const mostBody = 64 << 10

// ServeHTTP implements http.Handler: /SITE/agent-receiver/WHAT, whatever the site is called.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	q.Body = http.MaxBytesReader(w, q.Body, mostBody)
	_, what, _ := strings.Cut(q.URL.Path, "/agent-receiver/")
	what, uuid, _ := strings.Cut(what, "/")
	switch q.Method + " " + what {
	case "POST register_existing":
		r.existing(w, q)
	case "POST pairing":
		r.pairing(w, q)
	case "POST register_with_hostname":
		r.withName(w, q)
	case "POST renew_certificate":
		r.renew(w, q, uuid)
	case "GET registration_status", "GET registration_status_v2":
		r.status(w, q, what, uuid)
	case "POST agent_data":
		refuse(w, http.StatusForbidden, "Host is not a push host")
	case "POST register_new", "POST register_new_ongoing":
		refuse(w, http.StatusNotImplemented, "registration of hosts that are not configured is not supported: configure the host first")
	default:
		refuse(w, http.StatusNotFound, "Not Found")
	}
}

// request is what agents send, of which each request has a part.
type request struct {
	UUID string `json:"uuid"`
	CSR  string `json:"csr"`
	Host string `json:"host_name"`
}

// existing signs the certificate of an agent and notes whose it is.
func (r *Receiver) existing(w http.ResponseWriter, q *http.Request) {
	body, ok := r.body(w, q)
	if !ok {
		return
	}
	uuid, certificate, err := r.authority.agent(body.CSR)
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, err.Error())
		return
	case !strings.EqualFold(uuid, body.UUID):
		refuse(w, http.StatusBadRequest, "UUID ("+body.UUID+") does not match CN ("+uuid+") of CSR.")
		return
	}
	if r.note(w, body) {
		answer(w, map[string]string{"root_cert": r.root, "agent_cert": string(certificate), "connection_mode": "pull-agent"})
	}
}

// pairing is the first half of a registration by agents of 2.1, withName the second.
func (r *Receiver) pairing(w http.ResponseWriter, q *http.Request) {
	body, ok := r.body(w, q)
	if !ok {
		return
	}
	_, certificate, err := r.authority.agent(body.CSR)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	answer(w, map[string]string{"root_cert": r.root, "client_cert": string(certificate)})
}

func (r *Receiver) withName(w http.ResponseWriter, q *http.Request) {
	if body, ok := r.body(w, q); ok && r.note(w, body) {
		w.WriteHeader(http.StatusNoContent)
	}
}

// body reads what was sent by somebody who may register agents.
func (r *Receiver) body(w http.ResponseWriter, q *http.Request) (body request, ok bool) {
	name, password, _ := q.BasicAuth()
	want, known := r.users[name]
	given := sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(want[:], given[:]) != 1 || !known {
		w.Header().Set("WWW-Authenticate", "Basic")
		refuse(w, http.StatusUnauthorized, "Wrong credentials (Basic)")
		return body, false
	}
	if err := json.NewDecoder(q.Body).Decode(&body); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return body, false
	}
	return body, true
}

// note puts an agent on the list.
func (r *Receiver) note(w http.ResponseWriter, body request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := register(r.dir, body.UUID, body.Host); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

// agent gives the UUID of the agent that asks, by its certificate.
func (r *Receiver) agent(w http.ResponseWriter, q *http.Request, uuid string) bool {
	if q.TLS == nil || len(q.TLS.PeerCertificates) == 0 {
		refuse(w, http.StatusBadRequest, "Verified client UUID missing")
		return false
	}
	peer := q.TLS.PeerCertificates[0]
	if err := peer.CheckSignatureFrom(r.authority.root); err != nil || time.Now().After(peer.NotAfter) || !strings.EqualFold(peer.Subject.CommonName, uuid) {
		refuse(w, http.StatusBadRequest, "Verified client UUID does not match UUID in URL")
		return false
	}
	return true
}

// host gives the host of an agent.
func (r *Receiver) host(uuid string) (string, bool) {
	agents, err := readAgents(r.dir)
	if err != nil {
		return "", false
	}
	for host, its := range agents {
		if strings.EqualFold(its, uuid) {
			return host, true
		}
	}
	return "", false
}

// renew signs a new certificate for an agent that has one.
func (r *Receiver) renew(w http.ResponseWriter, q *http.Request, uuid string) {
	if !r.agent(w, q, uuid) {
		return
	}
	if _, registered := r.host(uuid); !registered {
		refuse(w, http.StatusForbidden, "Host is not registered")
		return
	}
	var body request
	if err := json.NewDecoder(q.Body).Decode(&body); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	its, certificate, err := r.authority.agent(body.CSR)
	if err != nil || !strings.EqualFold(its, uuid) {
		refuse(w, http.StatusBadRequest, "UUID ("+uuid+") does not match CN ("+its+") of CSR.")
		return
	}
	answer(w, map[string]string{"agent_cert": string(certificate)})
}

// status tells an agent what is known of it. Version 2 of the question has an answer for agents that are not registered.
func (r *Receiver) status(w http.ResponseWriter, q *http.Request, what, uuid string) {
	if !r.agent(w, q, uuid) {
		return
	}
	host, registered := r.host(uuid)
	second := what == "registration_status_v2"
	switch {
	case registered && second:
		answer(w, map[string]string{"status": "Registered", "hostname": host, "connection_mode": "pull-agent"})
	case registered:
		answer(w, map[string]any{"hostname": host, "status": nil, "type": "pull-agent", "connection_mode": "pull-agent", "message": "Host registered"})
	case second:
		answer(w, map[string]string{"status": "NotRegistered"})
	default:
		refuse(w, http.StatusNotFound, "Host is not registered")
	}
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"detail": detail})
}
