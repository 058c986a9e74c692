package target

import (
	"bytes"
	"fmt"
)

// page answers every HTTP request that has no body with a small page, and hangs up.
func page() quick {
	const text = "<html><head><title>It works</title></head><body><p>It works.</p></body></html>\n"
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nServer: onbu\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		len(text), text)
	return quick{answer: func(request []byte) []byte {
		if !bytes.HasSuffix(request, []byte("\r\n\r\n")) {
			return nil
		}
		return answer
	}}
}
