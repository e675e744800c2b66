{{- define "trawl.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag }}{{ end }}
{{- end }}

{{/* Labels of a component, also in selectors, which cannot be changed afterwards: the plain manifest has always had these. */}}
{{- define "trawl.labels" -}}
app.kubernetes.io/name: {{ .release }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Common to all pods. */}}
{{- define "trawl.pod" -}}
serviceAccountName: {{ .Release.Name }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
volumes:
  - name: secrets
    projected:
      defaultMode: 0440
      sources:
        {{- range .Values.secrets }}
        - secret:
            name: {{ . }}
        {{- end }}
  - name: data
    emptyDir: {}
  - name: tmp
    emptyDir: {}
{{- end }}

{{/* Common to all containers. */}}
{{- define "trawl.container" -}}
# In your registry, by digest: docs/containers.md.
image: {{ include "trawl.image" . }}
envFrom:
  - configMapRef:
      name: {{ .Release.Name }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: secrets
    mountPath: /run/secrets/trawl
    readOnly: true
  - name: data
    mountPath: /var/lib/trawl
  - name: tmp
    mountPath: /tmp
{{- end }}
