package web

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/onbu/onbu/internal/serve"
)

// Fault is a request that is not taken: the status for its sender, why in a sentence, and the word under which it is counted.
type Fault struct {
	Code        int
	Why, Reason string
}

// Error implements error.
func (f *Fault) Error() string { return f.Why }

// Body reads the body of a request, inflated if it was packed with gzip: at most max_body bytes, on the wire and inflated.
// release is to be called when it is no longer used, also after an error, which is a *Fault.
func (s *Server) Body(w http.ResponseWriter, r *http.Request) (data []byte, release func(), err error) {
	loan := s.memory.Loan()
	release = loan.Return
	var from io.Reader = http.MaxBytesReader(w, r.Body, s.body)
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip":
		if from, err = gzip.NewReader(from); err != nil {
			return nil, release, s.broken(err)
		}
	default:
		return nil, release, &Fault{http.StatusUnsupportedMediaType, "send the body as it is, or packed with gzip", "encoding"}
	}
	data = make([]byte, 0, min(max(r.ContentLength, 512), serve.Free-1)+1)
	for {
		if len(data) == cap(data) {
			n := min(int64(cap(data)), s.body+1-int64(cap(data)))
			if !loan.Take(int64(cap(data)) + n) {
				return nil, release, &Fault{http.StatusServiceUnavailable, "too many large requests at once: send it again", "memory"}
			}
			data = append(make([]byte, 0, int64(cap(data))+n), data...)
		}
		n, err := from.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > s.body:
			return nil, release, s.tooLarge()
		case err == io.EOF:
			return data, release, nil
		case err != nil:
			return nil, release, s.broken(err)
		}
	}
}

func (s *Server) tooLarge() *Fault {
	return &Fault{http.StatusRequestEntityTooLarge, fmt.Sprintf("larger than %d bytes: send it in parts", s.body), "size"}
}

func (s *Server) broken(err error) *Fault {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return s.tooLarge()
	}
	return &Fault{http.StatusBadRequest, "the body could not be read: " + err.Error(), "broken"}
}
