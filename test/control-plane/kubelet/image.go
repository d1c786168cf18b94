package kubelet

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/distribution/reference"
	v1 "k8s.io/api/core/v1"
)

// imageFault is why an image cannot be had: the waiting reasons of a real kubelet.
type imageFault struct {
	// reason at once, and between two attempts.
	reason, backOffReason string
	message               string
}

var (
	absentImage     = regexp.MustCompile(`does-not-exist|no-such-`)
	neverReadyImage = wordPattern("never-ready")
	crashingImage   = wordPattern("crash")
)

func wordPattern(word string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[-./:_])` + word + `($|[-./:@_])`)
}

// faultOf judges an image by its name: a registry below .invalid (RFC 2606: never resolves), or a name or tag with
// "does-not-exist" or "no-such-", cannot be pulled.
func faultOf(image string, policy v1.PullPolicy) *imageFault {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		message := fmt.Sprintf("Failed to apply default image tag %q: couldn't parse image name %q: %v", image, image, err)
		return &imageFault{reason: "InvalidImageName", backOffReason: "InvalidImageName", message: message}
	}
	host := strings.Split(reference.Domain(named), ":")[0]
	unresolvable := host == "invalid" || strings.HasSuffix(host, ".invalid")
	if !unresolvable && !absentImage.MatchString(image) {
		return nil
	}
	if policy == v1.PullNever {
		message := fmt.Sprintf("Container image %q is not present with pull policy of Never", image)
		return &imageFault{reason: "ErrImageNeverPull", backOffReason: "ErrImageNeverPull", message: message}
	}
	detail := "not found"
	if unresolvable {
		detail = fmt.Sprintf("dial tcp: lookup %s: no such host", host)
	}
	message := fmt.Sprintf("failed to pull and unpack image %q: failed to resolve reference %q: %s",
		reference.TagNameOnly(named), reference.TagNameOnly(named), detail)
	return &imageFault{reason: "ErrImagePull", backOffReason: "ImagePullBackOff", message: message}
}
