package receiver

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

const maxCommand = 64 << 10

// Handle adds the receiver's part of the API to a server: POST /api/command takes one external command as text.
func (r *Receiver) Handle(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/command", r.command)
}

// command answers 200 when the command was carried out, 202 when it is stored and its owner away, 400 with the reason
// when it is refused, 503 when it could not be stored.
func (r *Receiver) command(w http.ResponseWriter, req *http.Request) {
	if req.Header.Get("Origin") != "" {
		// A page of another site in somebody's browser must not give commands.
		said(w, http.StatusForbidden, "commands are not taken from web pages")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxCommand))
	if err != nil {
		said(w, http.StatusRequestEntityTooLarge, "a command is one line of at most 64 KiB")
		return
	}
	line := strings.TrimRight(string(body), "\r\n")
	if strings.ContainsAny(line, "\r\n") {
		said(w, http.StatusBadRequest, "one command at a time, in one line")
		return
	}
	var refusal Refusal
	switch err := r.Ask(req.Context(), line, "http "+req.RemoteAddr); {
	case err == nil:
		said(w, http.StatusOK, "")
	case errors.Is(err, ErrStored):
		said(w, http.StatusAccepted, err.Error())
	case errors.As(err, &refusal):
		said(w, http.StatusBadRequest, refusal.Why)
	default:
		said(w, http.StatusServiceUnavailable, "the command could not be stored, try again: "+err.Error())
	}
}

func said(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	key := "error"
	if code < http.StatusBadRequest {
		key = "note"
	}
	_ = json.NewEncoder(w).Encode(map[string]string{key: text}) // the asker is gone; there is nobody to tell
}
