"""What must hold of the chart and the image before anybody installs them: `make check-deploy`."""
